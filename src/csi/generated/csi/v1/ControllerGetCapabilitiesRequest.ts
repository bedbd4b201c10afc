// Made from proto/csi.proto by `npm run generate`: do not edit.


export interface ControllerGetCapabilitiesRequest {
}

export interface ControllerGetCapabilitiesRequest__Output {
}
