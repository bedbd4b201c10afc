// Made from the files in proto/ by `npm run generate`: do not edit.


export interface DeleteVolumeResponse {
}

export interface DeleteVolumeResponse__Output {
}
