// Made from the files in proto/ by `npm run generate`: do not edit.


export interface NodeGetVolumeHealthRequest {
  'volume_id'?: (string);
  'volume_publish_path'?: (string);
  'staging_target_path'?: (string);
}

export interface NodeGetVolumeHealthRequest__Output {
  'volume_id': (string);
  'volume_publish_path': (string);
  'staging_target_path': (string);
}
