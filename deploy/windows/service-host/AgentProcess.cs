using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;

namespace HypervCsi.ServiceHost
{
    /// <summary>
    /// The running agent. It is asked to stop by the end of its standard input, which no other process can bring about
    /// and which also comes when this one dies.
    /// </summary>
    internal sealed class AgentProcess
    {
        private static readonly TimeSpan Slice = TimeSpan.FromSeconds(1);
        private const int MillisecondsForLastWords = 2000;
        private const int MostLastLines = 20;

        private readonly object gate = new object();
        private readonly Queue<string> lastLines = new Queue<string>();
        private readonly ManualResetEvent ended = new ManualResetEvent(false);
        private readonly Action<string> hear;
        private readonly Process process;
        private readonly Thread[] readers;

        private AgentProcess(Process process, Action<string> hear)
        {
            this.process = process;
            this.hear = hear;
            readers = new[] { Reader(process.StandardOutput), Reader(process.StandardError) };
        }

        /// <summary>Starts a program.</summary>
        /// <param name="hear">Gets each line of its two outputs, from several threads.</param>
        /// <param name="onEnd">Called once, from a thread of its own, with the exit code.</param>
        public static AgentProcess Start(
            string program, IEnumerable<string> arguments, KillOnCloseJob job, Action<string> hear, Action<int> onEnd)
        {
            ProcessStartInfo start = new ProcessStartInfo(program, CommandLine.Of(arguments));
            start.UseShellExecute = false;
            start.CreateNoWindow = true;
            start.WorkingDirectory = AppDomain.CurrentDomain.BaseDirectory;
            start.RedirectStandardInput = true;
            start.RedirectStandardOutput = true;
            start.RedirectStandardError = true;
            start.StandardOutputEncoding = Encoding.UTF8;
            start.StandardErrorEncoding = Encoding.UTF8;
            Process process = Process.Start(start);
            try
            {
                if (job != null) job.Add(process);
            }
            catch
            {
                process.Kill();
                throw;
            }
            AgentProcess agent = new AgentProcess(process, hear);
            agent.Watch(onEnd);
            return agent;
        }

        public int ExitCode
        {
            get { return process.ExitCode; }
        }

        /// <summary>The last lines that it wrote: why it ended, when it ended by itself.</summary>
        public string LastLines
        {
            get
            {
                lock (gate) return string.Join(Environment.NewLine, lastLines.ToArray());
            }
        }

        /// <summary>Asks it to stop, and kills it when it has not after a while.</summary>
        /// <param name="whileWaiting">Called about once a second.</param>
        /// <returns>False when it was killed.</returns>
        public bool Stop(TimeSpan patience, Action whileWaiting)
        {
            try
            {
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It has ended by itself, and its input with it.
            }
            Stopwatch waited = Stopwatch.StartNew();
            while (!ended.WaitOne(Slice))
            {
                if (waited.Elapsed >= patience) return Kill();
                whileWaiting();
            }
            return true;
        }

        private bool Kill()
        {
            try
            {
                process.Kill();
            }
            catch (InvalidOperationException)
            {
                return true;
            }
            ended.WaitOne();
            return false;
        }

        private Thread Reader(StreamReader output)
        {
            Thread thread = new Thread(delegate()
            {
                string line;
                while ((line = output.ReadLine()) != null)
                {
                    lock (gate)
                    {
                        lastLines.Enqueue(line);
                        if (lastLines.Count > MostLastLines) lastLines.Dequeue();
                    }
                    hear(line);
                }
            });
            thread.IsBackground = true;
            thread.Start();
            return thread;
        }

        private void Watch(Action<int> onEnd)
        {
            Thread thread = new Thread(delegate()
            {
                while (!process.WaitForExit(int.MaxValue))
                {
                }
                // A process that it started may hold the outputs open: they are not waited for without end.
                foreach (Thread reader in readers) reader.Join(MillisecondsForLastWords);
                ended.Set();
                onEnd(process.ExitCode);
            });
            thread.IsBackground = true;
            thread.Start();
        }
    }
}
