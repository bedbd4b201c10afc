using System;
using System.ComponentModel;
using System.Diagnostics;
using System.Security;

namespace HypervCsi.ServiceHost
{
    /// <summary>Entries in the event log Application. The installer registers the source.</summary>
    internal static class EventEntries
    {
        public const int Started = 1;
        public const int Stopped = 2;
        public const int Killed = 3;
        public const int StartFailed = 4;
        public const int Ended = 5;

        // The event log refuses longer ones.
        private const int LongestMessage = 30000;

        /// <summary>Writes an entry. A log that is full or not there stops nobody.</summary>
        public static void Write(EventLogEntryType type, int id, string message)
        {
            if (message.Length > LongestMessage) message = message.Substring(0, LongestMessage);
            try
            {
                EventLog.WriteEntry(AgentService.Name, message, type, id);
            }
            catch (Win32Exception)
            {
            }
            catch (InvalidOperationException)
            {
            }
            catch (SecurityException)
            {
            }
        }
    }
}
