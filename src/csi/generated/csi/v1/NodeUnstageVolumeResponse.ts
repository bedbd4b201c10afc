// Made from the files in proto/ by `npm run generate`: do not edit.


export interface NodeUnstageVolumeResponse {
}

export interface NodeUnstageVolumeResponse__Output {
}
