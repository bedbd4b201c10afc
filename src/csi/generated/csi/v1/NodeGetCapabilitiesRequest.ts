// Made from the files in proto/ by `npm run generate`: do not edit.


export interface NodeGetCapabilitiesRequest {
}

export interface NodeGetCapabilitiesRequest__Output {
}
