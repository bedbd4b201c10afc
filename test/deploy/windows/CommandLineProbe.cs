using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace HypervCsi.ServiceHost
{
    /// <summary>Prints the command line for each line of its input, whose arguments have U+0001 between them.</summary>
    internal static class CommandLineProbe
    {
        public static void Main()
        {
            TextReader input = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
            TextWriter output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false));
            string line;
            while ((line = input.ReadLine()) != null) output.WriteLine(CommandLine.Of(line.Split('\u0001')));
            output.Flush();
        }
    }
}
