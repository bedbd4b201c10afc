// Made from the files in proto/ by `npm run generate`: do not edit.


export interface NodeGetInfoRequest {
}

export interface NodeGetInfoRequest__Output {
}
