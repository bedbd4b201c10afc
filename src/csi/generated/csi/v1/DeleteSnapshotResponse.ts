// Made from the files in proto/ by `npm run generate`: do not edit.


export interface DeleteSnapshotResponse {
}

export interface DeleteSnapshotResponse__Output {
}
