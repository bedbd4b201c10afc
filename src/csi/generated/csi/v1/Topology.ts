// Made from the files in proto/ by `npm run generate`: do not edit.


export interface Topology {
  'segments'?: ({[key: string]: string});
}

export interface Topology__Output {
  'segments': ({[key: string]: string});
}
