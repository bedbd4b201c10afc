// Made from the files in proto/ by `npm run generate`: do not edit.


export interface ControllerUnpublishVolumeResponse {
}

export interface ControllerUnpublishVolumeResponse__Output {
}
