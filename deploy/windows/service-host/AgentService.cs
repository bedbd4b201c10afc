using System;
using System.Diagnostics;
using System.Reflection;
using System.ServiceProcess;

namespace HypervCsi.ServiceHost
{
    /// <summary>The agent as a Windows service.</summary>
    internal sealed class AgentService : ServiceBase
    {
        public const string Name = "hyperv-csi";

        // winsvc.h: sent before other services are asked to stop, so that Hyper-V still answers.
        private const int AcceptPreshutdown = 0x100;
        private const int ControlPreshutdown = 0x0f;

        // ERROR_PROCESS_ABORTED
        private const int ProcessAborted = 1067;

        private const int MillisecondsPerRequest = 10000;

        private readonly object gate = new object();
        private readonly HostOptions options;
        private readonly RotatingLog log;
        private KillOnCloseJob job;
        private AgentProcess agent;
        private bool isStopping;

        public AgentService(HostOptions options)
        {
            this.options = options;
            log = new RotatingLog(options.LogDirectory);
            ServiceName = Name;
            AutoLog = false;
            CanStop = true;
            CanShutdown = true;
            AcceptPreshutdownToo();
        }

        protected override void OnStart(string[] args)
        {
            lock (gate)
            {
                try
                {
                    job = KillOnCloseJob.Create();
                    agent = AgentProcess.Start(Program.NodePath, Program.ArgumentsOf(options), job, log.Write, OnEnd);
                }
                catch (Exception failure)
                {
                    EventEntries.Write(
                        EventLogEntryType.Error,
                        EventEntries.StartFailed,
                        "The agent can't be started: " + failure.Message);
                    throw;
                }
                // Before the lock is left, so that the entry of its end, however soon that comes, follows.
                EventEntries.Write(
                    EventLogEntryType.Information,
                    EventEntries.Started,
                    "The agent was started. Its log is in " + options.LogDirectory);
            }
        }

        protected override void OnStop()
        {
            lock (gate) isStopping = true;
            bool byItself = agent.Stop(options.StopPatience, AskForTime);
            if (byItself)
            {
                EventEntries.Write(
                    EventLogEntryType.Information,
                    EventEntries.Stopped,
                    "The agent has stopped; exit code " + agent.ExitCode);
            }
            else
            {
                EventEntries.Write(
                    EventLogEntryType.Warning,
                    EventEntries.Killed,
                    "The agent did not stop in time and was ended; its next start finishes or undoes what was cut");
            }
            if (job != null) job.Dispose();
        }

        protected override void OnShutdown()
        {
            Stop();
        }

        protected override void OnCustomCommand(int command)
        {
            if (command == ControlPreshutdown) Stop();
        }

        private void AskForTime()
        {
            try
            {
                RequestAdditionalTime(MillisecondsPerRequest);
            }
            catch (SystemException)
            {
                // A service manager that can't be asked is no reason not to stop.
            }
        }

        // Without a word to the service manager, which takes that for a failure in every state and does what the failure
        // actions say: it starts the service again.
        private void OnEnd(int exitCode)
        {
            string lastLines;
            lock (gate)
            {
                if (isStopping) return;
                lastLines = agent.LastLines;
            }
            EventEntries.Write(
                EventLogEntryType.Error,
                EventEntries.Ended,
                "The agent has ended by itself; exit code " + exitCode + Environment.NewLine + lastLines);
            Environment.Exit(ProcessAborted);
        }

        // ServiceBase knows nothing of it, though it passes it on; without the field an ordinary shutdown is left.
        private void AcceptPreshutdownToo()
        {
            FieldInfo accepted = typeof(ServiceBase).GetField("acceptedCommands", BindingFlags.Instance | BindingFlags.NonPublic);
            if (accepted != null) accepted.SetValue(this, (int)accepted.GetValue(this) | AcceptPreshutdown);
        }
    }
}
