// Made from the files in proto/ by `npm run generate`: do not edit.


export interface GetPluginCapabilitiesRequest {
}

export interface GetPluginCapabilitiesRequest__Output {
}
