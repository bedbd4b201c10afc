// Made from the files in proto/ by `npm run generate`: do not edit.


export interface BoolValue {
  'value'?: (boolean);
}

export interface BoolValue__Output {
  'value': (boolean);
}
