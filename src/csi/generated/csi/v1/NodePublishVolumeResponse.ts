// Made from the files in proto/ by `npm run generate`: do not edit.


export interface NodePublishVolumeResponse {
}

export interface NodePublishVolumeResponse__Output {
}
