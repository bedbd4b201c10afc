using System;
using System.Threading;

namespace HypervCsi.ServiceHost
{
    /// <summary>Runs the agent in a console as the service would: for administrators who look for a fault.</summary>
    internal static class ConsoleHost
    {
        /// <returns>The agent's exit code.</returns>
        public static int Run(HostOptions options)
        {
            ManualResetEvent stop = new ManualResetEvent(false);
            ManualResetEvent ended = new ManualResetEvent(false);
            RotatingLog log = new RotatingLog(options.LogDirectory);
            Console.CancelKeyPress += delegate(object sender, ConsoleCancelEventArgs pressed)
            {
                pressed.Cancel = true;
                stop.Set();
            };
            using (KillOnCloseJob job = KillOnCloseJob.Create())
            {
                AgentProcess agent = AgentProcess.Start(
                    Program.NodePath,
                    Program.ArgumentsOf(options),
                    job,
                    delegate(string line)
                    {
                        log.Write(line);
                        Console.Out.WriteLine(line);
                    },
                    delegate { ended.Set(); });
                StopAtEndOfInput(stop);
                WaitHandle.WaitAny(new WaitHandle[] { stop, ended });
                if (!agent.Stop(options.StopPatience, delegate { }))
                {
                    Console.Error.WriteLine("hyperv-csi-service: the agent did not stop in time and was ended");
                }
                return agent.ExitCode;
            }
        }

        private static void StopAtEndOfInput(EventWaitHandle stop)
        {
            Thread thread = new Thread(delegate()
            {
                while (Console.In.ReadLine() != null)
                {
                }
                stop.Set();
            });
            thread.IsBackground = true;
            thread.Start();
        }
    }
}
