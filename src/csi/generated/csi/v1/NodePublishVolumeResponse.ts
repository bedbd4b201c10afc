// Made from proto/csi.proto by `npm run generate`: do not edit.


export interface NodePublishVolumeResponse {
}

export interface NodePublishVolumeResponse__Output {
}
