using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.ServiceProcess;

namespace HypervCsi.ServiceHost
{
    /// <summary>Runs node.exe with hyperv-csi.mjs, both from the directory that this program lies in.</summary>
    internal static class Program
    {
        private const int BadUsage = 2;

        public static string NodePath
        {
            get { return Beside("node.exe"); }
        }

        public static IEnumerable<string> ArgumentsOf(HostOptions options)
        {
            List<string> arguments = new List<string> { Beside("hyperv-csi.mjs") };
            arguments.AddRange(options.Arguments);
            return arguments;
        }

        public static int Main(string[] args)
        {
            try
            {
                HostOptions options = HostOptions.Parse(args);
                if (options.IsConsole) return ConsoleHost.Run(options);
                using (AgentService service = new AgentService(options))
                {
                    ServiceBase.Run(service);
                    return service.ExitCode;
                }
            }
            catch (ArgumentException failure)
            {
                Console.Error.WriteLine("hyperv-csi-service: " + failure.Message);
                EventEntries.Write(EventLogEntryType.Error, EventEntries.StartFailed, failure.Message);
                return BadUsage;
            }
        }

        private static string Beside(string name)
        {
            return Path.Combine(AppDomain.CurrentDomain.BaseDirectory, name);
        }
    }
}
