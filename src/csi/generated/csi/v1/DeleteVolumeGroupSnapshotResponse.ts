// Made from the files in proto/ by `npm run generate`: do not edit.


export interface DeleteVolumeGroupSnapshotResponse {
}

export interface DeleteVolumeGroupSnapshotResponse__Output {
}
