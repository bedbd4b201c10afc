/** The types of web-tree-sitter name it and bring no declaration: what is behind it is nothing to us. */
interface EmscriptenModule {
  readonly HEAPU8: Uint8Array;
}
