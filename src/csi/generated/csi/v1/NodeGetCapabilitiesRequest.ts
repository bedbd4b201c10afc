// Made from proto/csi.proto by `npm run generate`: do not edit.


export interface NodeGetCapabilitiesRequest {
}

export interface NodeGetCapabilitiesRequest__Output {
}
