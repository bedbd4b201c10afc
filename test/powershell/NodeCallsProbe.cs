using System;

// Says what a reparse point, in hexadecimal digits on each line of the input, names.
internal static class NodeCallsProbe
{
    private static void Main()
    {
        string line;
        while ((line = Console.ReadLine()) != null)
        {
            byte[] data = new byte[line.Length / 2];
            for (int at = 0; at < data.Length; at++) data[at] = Convert.ToByte(line.Substring(2 * at, 2), 16);
            try { Console.WriteLine(HypervCsi.MountPoints.NameIn(data, data.Length) ?? "nothing"); }
            catch (System.IO.InvalidDataException) { Console.WriteLine("damaged"); }
        }
    }
}
