// Made from the files in proto/ by `npm run generate`: do not edit.


export interface GroupControllerGetCapabilitiesRequest {
}

export interface GroupControllerGetCapabilitiesRequest__Output {
}
