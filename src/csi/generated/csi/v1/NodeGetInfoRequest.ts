// Made from proto/csi.proto by `npm run generate`: do not edit.


export interface NodeGetInfoRequest {
}

export interface NodeGetInfoRequest__Output {
}
