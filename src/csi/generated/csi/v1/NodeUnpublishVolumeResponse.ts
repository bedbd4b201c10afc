// Made from the files in proto/ by `npm run generate`: do not edit.


export interface NodeUnpublishVolumeResponse {
}

export interface NodeUnpublishVolumeResponse__Output {
}
