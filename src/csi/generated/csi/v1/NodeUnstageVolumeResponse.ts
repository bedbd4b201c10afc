// Made from proto/csi.proto by `npm run generate`: do not edit.


export interface NodeUnstageVolumeResponse {
}

export interface NodeUnstageVolumeResponse__Output {
}
