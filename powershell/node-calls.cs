// Calls of Windows that no cmdlet and no class of WMI makes. C# 5, which Windows PowerShell compiles.
using System;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HypervCsi
{
    internal static class Calls
    {
        internal const uint GenericRead = 0x80000000;
        internal const uint ShareAll = 7;
        internal const uint OpenExisting = 3;
        internal const uint FlagBackupSemantics = 0x02000000;
        internal const uint FlagOpenReparsePoint = 0x00200000;
        internal const uint GetReparsePoint = 0x000900A8;

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        internal static extern SafeFileHandle CreateFileW(
            string name, uint access, uint share, IntPtr security, uint disposition, uint flags, IntPtr template);

        [DllImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        internal static extern bool SetFilePointerEx(SafeFileHandle file, long distance, IntPtr newPlace, uint from);

        [DllImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        internal static extern bool ReadFile(
            SafeFileHandle file, [Out] byte[] buffer, int length, out int read, IntPtr overlapped);

        [DllImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        internal static extern bool DeviceIoControl(
            SafeFileHandle file, uint code, IntPtr input, int inputLength, [Out] byte[] output, int outputLength,
            out int written, IntPtr overlapped);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        internal static extern bool DeleteVolumeMountPointW(string path);

        // The last error as an exception whose HRESULT tells it.
        internal static Exception Failure()
        {
            return Marshal.GetExceptionForHR(Marshal.GetHRForLastWin32Error(), new IntPtr(-1));
        }

        internal static SafeFileHandle Open(string name, uint access, uint flags)
        {
            SafeFileHandle handle = CreateFileW(name, access, ShareAll, IntPtr.Zero, OpenExisting, flags, IntPtr.Zero);
            if (handle.IsInvalid) throw Failure();
            return handle;
        }
    }

    public static class Disks
    {
        // Bytes of a disk, in whole sectors. Windows keeps no cache of a disk that is opened as such.
        public static byte[] Read(int number, long offset, int length)
        {
            byte[] bytes = new byte[length];
            using (SafeFileHandle disk = Calls.Open(@"\\.\PhysicalDrive" + number, Calls.GenericRead, 0))
            {
                if (!Calls.SetFilePointerEx(disk, offset, IntPtr.Zero, 0)) throw Calls.Failure();
                int read;
                if (!Calls.ReadFile(disk, bytes, length, out read, IntPtr.Zero)) throw Calls.Failure();
                if (read != length) throw new System.IO.EndOfStreamException("the disk ends before " + (offset + length));
            }
            return bytes;
        }
    }

    public static class MountPoints
    {
        // REPARSE_DATA_BUFFER of <ntifs.h>
        private const int LongestReparseData = 16384;
        private const uint TagMountPoint = 0xA0000003;
        private const int NameOffsetAt = 8;
        private const int NameLengthAt = 10;
        private const int NamesAt = 16;

        // ERROR_NOT_A_REPARSE_POINT, ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND
        private const int NotAReparsePoint = unchecked((int)0x80071126);
        private const int FileNotFound = unchecked((int)0x80070002);
        private const int PathNotFound = unchecked((int)0x80070003);

        // Where a mount point or junction leads, as the file system has it; null for every other path.
        public static string Target(string path)
        {
            byte[] data = new byte[LongestReparseData];
            int written;
            try
            {
                using (SafeFileHandle directory = Calls.Open(
                    path, 0, Calls.FlagBackupSemantics | Calls.FlagOpenReparsePoint))
                {
                    if (!Calls.DeviceIoControl(
                        directory, Calls.GetReparsePoint, IntPtr.Zero, 0, data, data.Length, out written, IntPtr.Zero))
                    {
                        throw Calls.Failure();
                    }
                }
            }
            catch (Exception error)
            {
                int result = error.HResult;
                if (result == NotAReparsePoint || result == FileNotFound || result == PathNotFound) return null;
                throw;
            }
            return NameIn(data, written);
        }

        public static string NameIn(byte[] data, int length)
        {
            if (length < NamesAt || BitConverter.ToUInt32(data, 0) != TagMountPoint) return null;
            int at = NamesAt + BitConverter.ToUInt16(data, NameOffsetAt);
            int nameLength = BitConverter.ToUInt16(data, NameLengthAt);
            if (at + nameLength > length) throw new System.IO.InvalidDataException("a mount point names nothing");
            return System.Text.Encoding.Unicode.GetString(data, at, nameLength);
        }

        // The directory stays.
        public static void Remove(string path)
        {
            string whole = path.EndsWith(@"\", StringComparison.Ordinal) ? path : path + @"\";
            if (!Calls.DeleteVolumeMountPointW(whole)) throw Calls.Failure();
        }
    }
}
