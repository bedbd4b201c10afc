// Made from the files in proto/ by `npm run generate`: do not edit.


export interface ProbeRequest {
}

export interface ProbeRequest__Output {
}
