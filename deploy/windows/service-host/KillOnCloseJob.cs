using System;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace HypervCsi.ServiceHost
{
    /// <summary>
    /// A Windows job: when the last handle to it closes, however this process ends, the processes in it and all that
    /// they started end too. No agent outlives its service, so no two agents ever have a pool.
    /// </summary>
    internal sealed class KillOnCloseJob : IDisposable
    {
        private const int ExtendedLimitInformation = 9;
        private const uint LimitKillOnJobClose = 0x2000;

        private IntPtr handle;

        private KillOnCloseJob(IntPtr handle)
        {
            this.handle = handle;
        }

        /// <summary>A job, or null on systems that have none.</summary>
        public static KillOnCloseJob Create()
        {
            if (Environment.OSVersion.Platform != PlatformID.Win32NT) return null;
            IntPtr handle = CreateJobObject(IntPtr.Zero, null);
            if (handle == IntPtr.Zero) throw new Win32Exception();
            ExtendedLimits limits = new ExtendedLimits();
            limits.Basic.LimitFlags = LimitKillOnJobClose;
            int size = Marshal.SizeOf(typeof(ExtendedLimits));
            if (!SetInformationJobObject(handle, ExtendedLimitInformation, ref limits, (uint)size))
            {
                Win32Exception failure = new Win32Exception();
                CloseHandle(handle);
                throw failure;
            }
            return new KillOnCloseJob(handle);
        }

        public void Add(Process process)
        {
            if (!AssignProcessToJobObject(handle, process.Handle)) throw new Win32Exception();
        }

        public void Dispose()
        {
            if (handle != IntPtr.Zero) CloseHandle(handle);
            handle = IntPtr.Zero;
        }

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern IntPtr CreateJobObject(IntPtr security, string name);

        [DllImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        private static extern bool SetInformationJobObject(IntPtr job, int kind, ref ExtendedLimits limits, uint size);

        [DllImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        private static extern bool AssignProcessToJobObject(IntPtr job, IntPtr process);

        [DllImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        private static extern bool CloseHandle(IntPtr handle);

        // JOBOBJECT_BASIC_LIMIT_INFORMATION, IO_COUNTERS and JOBOBJECT_EXTENDED_LIMIT_INFORMATION of winnt.h. The
        // system fills in what is only read.
#pragma warning disable 169, 649
        [StructLayout(LayoutKind.Sequential)]
        private struct BasicLimits
        {
            private long perProcessUserTimeLimit;
            private long perJobUserTimeLimit;
            public uint LimitFlags;
            private UIntPtr minimumWorkingSetSize;
            private UIntPtr maximumWorkingSetSize;
            private uint activeProcessLimit;
            private UIntPtr affinity;
            private uint priorityClass;
            private uint schedulingClass;
        }

        [StructLayout(LayoutKind.Sequential)]
        private struct IoCounters
        {
            private ulong readOperations;
            private ulong writeOperations;
            private ulong otherOperations;
            private ulong readBytes;
            private ulong writtenBytes;
            private ulong otherBytes;
        }

        [StructLayout(LayoutKind.Sequential)]
        private struct ExtendedLimits
        {
            public BasicLimits Basic;
            private IoCounters io;
            private UIntPtr processMemoryLimit;
            private UIntPtr jobMemoryLimit;
            private UIntPtr peakProcessMemoryUsed;
            private UIntPtr peakJobMemoryUsed;
        }
#pragma warning restore 169, 649
    }
}
