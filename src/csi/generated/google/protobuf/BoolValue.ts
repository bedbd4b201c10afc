// Made from proto/csi.proto by `npm run generate`: do not edit.


export interface BoolValue {
  'value'?: (boolean);
}

export interface BoolValue__Output {
  'value': (boolean);
}
