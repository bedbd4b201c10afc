// Stands in for powershell/node-calls.cs: what asks Windows there asks the simulated one here, through what the stub's module
// sets. Answers are texts: "" for nothing, "!" and a number for an error with that HRESULT.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;

namespace HypervCsi
{
    internal static class Told
    {
        internal static string By(string answer)
        {
            if (!answer.StartsWith("!", StringComparison.Ordinal)) return answer;
            int result = int.Parse(answer.Substring(1), CultureInfo.InvariantCulture);
            throw Marshal.GetExceptionForHR(result, new IntPtr(-1));
        }
    }

    public static class Disks
    {
        public static Func<int, long, int, string> Reader { get; set; }

        public static byte[] Read(int number, long offset, int length)
        {
            return Convert.FromBase64String(Told.By(Reader(number, offset, length)));
        }
    }

    public static class MountPoints
    {
        public static Func<string, string> Finder { get; set; }
        public static Func<string, string> Remover { get; set; }

        public static string Target(string path)
        {
            string target = Told.By(Finder(path));
            return target.Length == 0 ? null : target;
        }

        public static void Remove(string path)
        {
            Told.By(Remover(path));
        }
    }

    // What Microsoft.Win32.RegistryKey is to those who read it.
    public sealed class StubKey
    {
        private readonly Dictionary<string, object> values = new Dictionary<string, object>();

        public void Add(string name, object value)
        {
            values[name] = value;
        }

        public string[] GetValueNames()
        {
            string[] names = new string[values.Count];
            values.Keys.CopyTo(names, 0);
            return names;
        }

        public object GetValue(string name)
        {
            return values[name];
        }

        public void Close()
        {
        }
    }
}
