// Made from proto/csi.proto by `npm run generate`: do not edit.


export interface ControllerUnpublishVolumeResponse {
}

export interface ControllerUnpublishVolumeResponse__Output {
}
