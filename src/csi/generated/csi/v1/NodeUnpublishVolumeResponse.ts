// Made from proto/csi.proto by `npm run generate`: do not edit.


export interface NodeUnpublishVolumeResponse {
}

export interface NodeUnpublishVolumeResponse__Output {
}
