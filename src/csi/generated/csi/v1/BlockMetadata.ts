// Made from the files in proto/ by `npm run generate`: do not edit.

import type { Long } from '@grpc/proto-loader';

export interface BlockMetadata {
  'byte_offset'?: (number | string | Long);
  'size_bytes'?: (number | string | Long);
}

export interface BlockMetadata__Output {
  'byte_offset': (string);
  'size_bytes': (string);
}
