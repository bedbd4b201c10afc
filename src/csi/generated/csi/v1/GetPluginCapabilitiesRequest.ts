// Made from proto/csi.proto by `npm run generate`: do not edit.


export interface GetPluginCapabilitiesRequest {
}

export interface GetPluginCapabilitiesRequest__Output {
}
