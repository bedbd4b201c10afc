// Made from proto/csi.proto by `npm run generate`: do not edit.


export interface DeleteSnapshotResponse {
}

export interface DeleteSnapshotResponse__Output {
}
