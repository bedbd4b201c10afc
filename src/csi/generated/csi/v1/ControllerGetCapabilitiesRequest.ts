// Made from the files in proto/ by `npm run generate`: do not edit.


export interface ControllerGetCapabilitiesRequest {
}

export interface ControllerGetCapabilitiesRequest__Output {
}
