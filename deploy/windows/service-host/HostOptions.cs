using System;
using System.Collections.Generic;
using System.Globalization;

namespace HypervCsi.ServiceHost
{
    /// <summary>What the command line of the service says: options, then "--" and the program's arguments.</summary>
    internal sealed class HostOptions
    {
        public const string Usage =
            "hyperv-csi-service.exe --log-directory DIR [--stop-seconds N] [--console] -- ARGUMENTS OF hyperv-csi";

        private const int LongestStopSeconds = 3600;

        private readonly List<string> arguments = new List<string>();

        /// <summary>Runs in a console until Ctrl-C or the end of standard input, instead of as a service.</summary>
        public bool IsConsole { get; private set; }

        public string LogDirectory { get; private set; }

        /// <summary>How long the agent may take to end its running work before it is killed.</summary>
        public TimeSpan StopPatience { get; private set; }

        /// <summary>Arguments of hyperv-csi itself.</summary>
        public IList<string> Arguments
        {
            get { return arguments; }
        }

        /// <exception cref="ArgumentException">The command line can't be understood.</exception>
        public static HostOptions Parse(string[] args)
        {
            HostOptions options = new HostOptions { StopPatience = TimeSpan.FromSeconds(120) };
            int index = 0;
            for (; index < args.Length && args[index] != "--"; index++)
            {
                switch (args[index])
                {
                    case "--console":
                        options.IsConsole = true;
                        break;
                    case "--log-directory":
                        options.LogDirectory = ValueAfter(args, ref index);
                        break;
                    case "--stop-seconds":
                        options.StopPatience = Seconds(ValueAfter(args, ref index));
                        break;
                    default:
                        throw new ArgumentException("there is no option " + args[index] + "; " + Usage);
                }
            }
            for (index++; index < args.Length; index++) options.arguments.Add(args[index]);
            if (options.LogDirectory == null || options.arguments.Count == 0) throw new ArgumentException(Usage);
            return options;
        }

        private static string ValueAfter(string[] args, ref int index)
        {
            if (index + 1 >= args.Length) throw new ArgumentException(args[index] + " needs a value; " + Usage);
            return args[++index];
        }

        private static TimeSpan Seconds(string text)
        {
            int seconds;
            bool isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seconds);
            if (!isNumber || seconds < 1 || seconds > LongestStopSeconds)
            {
                throw new ArgumentException("--stop-seconds is not a number from 1 to 3600: " + text);
            }
            return TimeSpan.FromSeconds(seconds);
        }
    }
}
