/** What of the Volumes API's document an administrator can ask for that this host need not ask for. */
export interface VolumesApiSettings {
  /** An instance has one volume at most. */
  readonly oneVolumePerInstance: boolean;
  /** Volumes are attached to stopped instances only. */
  readonly instanceMustBeStopped: boolean;
}

export const defaultVolumesApiSettings: VolumesApiSettings = {
  oneVolumePerInstance: false,
  instanceMustBeStopped: false,
};
