// Made from the files in proto/ by `npm run generate`: do not edit.


export interface RegistrationStatusResponse {
}

export interface RegistrationStatusResponse__Output {
}
