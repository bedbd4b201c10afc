// Made from proto/csi.proto by `npm run generate`: do not edit.


export interface DeleteVolumeGroupSnapshotResponse {
}

export interface DeleteVolumeGroupSnapshotResponse__Output {
}
