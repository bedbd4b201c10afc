using System.Collections.Generic;
using System.Text;

namespace HypervCsi.ServiceHost
{
    /// <summary>Arguments as one text, as programs on Windows take them apart again (CommandLineToArgvW).</summary>
    internal static class CommandLine
    {
        public static string Of(IEnumerable<string> arguments)
        {
            List<string> quoted = new List<string>();
            foreach (string argument in arguments) quoted.Add(Quote(argument));
            return string.Join(" ", quoted.ToArray());
        }

        private static string Quote(string argument)
        {
            if (argument.Length > 0 && argument.IndexOfAny(new[] { ' ', '\t', '"' }) < 0) return argument;
            StringBuilder quoted = new StringBuilder("\"");
            int backslashes = 0;
            foreach (char letter in argument)
            {
                // Backslashes mean themselves, but before a quote each has to be doubled.
                if (letter == '"') quoted.Append('\\', backslashes + 1);
                backslashes = letter == '\\' ? backslashes + 1 : 0;
                quoted.Append(letter);
            }
            return quoted.Append('\\', backslashes).Append('"').ToString();
        }
    }
}
