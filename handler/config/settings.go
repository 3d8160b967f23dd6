package config

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rs/zerolog"
)

// setting is one row of docs/settings.md.
type setting struct {
	name     string
	required bool
	fallback string // used when the setting is absent or empty
	set      func(c *Config, value string) error
}

// The names that are used in several places.
const (
	connectionSetting = "AzureWebJobsStorage"
	accountSetting    = "AzureWebJobsStorage__accountName"
	endpointSetting   = "ACS_ENDPOINT"
	issuerSetting     = "ACS_ISSUER"
	jwksSetting       = "ACS_JWKS_URL"
	hostnameSetting   = "WEBSITE_HOSTNAME"
	baseURLSetting    = "CALLBACK_BASE_URL"
)

// publicIssuer issues the callback tokens of the public cloud.
//
// Source: https://acscallautomation.communication.azure.com/calling/.well-known/acsopenidconfiguration
const publicIssuer = "https://acscallautomation.communication.azure.com"

// settings are all settings, in the order in which they are read and documented.
var settings = []setting{
	{"FUNCTIONS_CUSTOMHANDLER_PORT", true, "", port},
	{connectionSetting, false, "", connectionString},
	{accountSetting, false, "", text(accountName, func(c *Config) *string { return &c.Storage.Account })},
	{"AzureWebJobsStorage__clientId", false, "",
		text(guid, func(c *Config) *string { return &c.Storage.ClientID })},
	{endpointSetting, true, "", address(func(c *Config) *string { return &c.ACS.Endpoint })},
	{"ACS_ACCESS_KEY", false, "", accessKey},
	{"ACS_RESOURCE_ID", true, "", text(guid, func(c *Config) *string { return &c.ACS.ResourceID })},
	{issuerSetting, false, publicIssuer, issuer},
	{jwksSetting, false, publicIssuer + "/calling/keys",
		address(func(c *Config) *string { return &c.ACS.JWKSURL })},
	{hostnameSetting, false, "", hostname},
	{baseURLSetting, false, "", address(func(c *Config) *string { return &c.Callbacks.BaseURL })},
	{"CALLBACK_KEYS", true, "", keys},
	{"COGNITIVE_SERVICES_ENDPOINT", false, "",
		secureAddress(func(c *Config) *string { return &c.CognitiveServices })},
	{"LINES", false, "", lines},
	{"LINE_CALLS", false, "2", lineCalls},
	{"RECORDING_HOSTS", false, "", recordingHosts},
	{"LOG_LEVEL", false, "info", logLevel},
	{"ACS_TIMEOUT", false, "10s",
		between(time.Second, 30*time.Second, func(t *Timeouts) *time.Duration { return &t.ACS })},
	{"ANSWER_TIMEOUT", false, "25s",
		between(time.Second, 30*time.Second, func(t *Timeouts) *time.Duration { return &t.Answer })},
	{"CONNECT_TIMEOUT", false, "30s",
		between(time.Second, 5*time.Minute, func(t *Timeouts) *time.Duration { return &t.Connect })},
	{"PROMPT_TIMEOUT", false, "2m",
		between(time.Second, time.Hour, func(t *Timeouts) *time.Duration { return &t.Prompt })},
	{"INVITE_GRACE", false, "5s",
		between(0, time.Minute, func(t *Timeouts) *time.Duration { return &t.InviteGrace })},
	{"RECORDING_START_TIMEOUT", false, "30s",
		between(time.Second, 10*time.Minute, func(t *Timeouts) *time.Duration { return &t.RecordingStart })},
	{"HANGUP_TIMEOUT", false, "10s",
		between(time.Second, 5*time.Minute, func(t *Timeouts) *time.Duration { return &t.Hangup })},
	{"KEEP_ALIVE_INTERVAL", false, "2m",
		between(time.Second, time.Hour, func(t *Timeouts) *time.Duration { return &t.KeepAlive })},
	{"CALL_TIMEOUT", false, "4h",
		between(10*time.Second, 24*time.Hour, func(t *Timeouts) *time.Duration { return &t.Call })},
	{"RING_TIMEOUT", false, "45s",
		between(5*time.Second, 180*time.Second, func(t *Timeouts) *time.Duration { return &t.Ring })},
	{"CONFIRM_TIMEOUT", false, "10m",
		between(10*time.Second, time.Hour, func(t *Timeouts) *time.Duration { return &t.Confirm })},
	{"RECORDING_TIMEOUT", false, "25h",
		between(time.Minute, 7*24*time.Hour, func(t *Timeouts) *time.Duration { return &t.Recording })},
	{"RECORDING_COPY_TIMEOUT", false, "75s",
		between(time.Second, 10*time.Minute, func(t *Timeouts) *time.Duration { return &t.RecordingCopy })},
}

func port(c *Config, value string) error {
	if n, err := strconv.ParseUint(value, 10, 16); err != nil || n == 0 {
		return errors.New("is not a port number")
	}
	c.Port = value
	return nil
}

func logLevel(c *Config, value string) error {
	level, err := zerolog.ParseLevel(value)
	if err != nil {
		return errors.New("is none of trace, debug, info, warn, error, disabled")
	}
	c.LogLevel = level
	return nil
}

// between returns a setter for a duration from least to most.
func between(least, most time.Duration, field func(*Timeouts) *time.Duration) func(*Config, string) error {
	return func(c *Config, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil {
			return errors.New(`is not a duration such as "30s" or "2m"`)
		}
		if d < least || d > most {
			return fmt.Errorf("must be between %s and %s", least, most)
		}
		*field(&c.Timeouts) = d
		return nil
	}
}
