// Made from the files in proto/ by `npm run generate`: do not edit.


export interface InfoRequest {
}

export interface InfoRequest__Output {
}
