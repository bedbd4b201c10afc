// Made from the files in proto/ by `npm run generate`: do not edit.


export interface ControllerModifyVolumeResponse {
}

export interface ControllerModifyVolumeResponse__Output {
}
