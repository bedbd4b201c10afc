// Made from the files in proto/ by `npm run generate`: do not edit.


export interface GetPluginInfoRequest {
}

export interface GetPluginInfoRequest__Output {
}
