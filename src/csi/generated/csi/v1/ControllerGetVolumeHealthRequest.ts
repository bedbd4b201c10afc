// Made from the files in proto/ by `npm run generate`: do not edit.


export interface ControllerGetVolumeHealthRequest {
  'volume_id'?: (string);
  'secrets'?: ({[key: string]: string});
}

export interface ControllerGetVolumeHealthRequest__Output {
  'volume_id': (string);
  'secrets': ({[key: string]: string});
}
