// Made from the files in proto/ by `npm run generate`: do not edit.


export interface NodeStageVolumeResponse {
}

export interface NodeStageVolumeResponse__Output {
}
