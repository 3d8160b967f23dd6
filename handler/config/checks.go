package config

import (
	"errors"
	"fmt"
)

// checks are the rules between settings. given has the names of the settings that have a value. A faulty
// setting has left the zero value in c and has been reported: a check ignores it.
var checks = []func(c *Config, given map[string]bool) error{storageIsKnown, callbackURLIsKnown, plainIsLocal}

func storageIsKnown(_ *Config, given map[string]bool) error {
	if given[connectionSetting] || given[accountSetting] {
		return nil
	}
	return fmt.Errorf("%s or %s must be set", connectionSetting, accountSetting)
}

func callbackURLIsKnown(_ *Config, given map[string]bool) error {
	if given[baseURLSetting] || given[hostnameSetting] {
		return nil
	}
	return fmt.Errorf("%s must be set where there is no %s", baseURLSetting, hostnameSetting)
}

// plainIsLocal refuses http, except for addresses on this machine while ACS is a simulator on this machine.
func plainIsLocal(c *Config, _ map[string]bool) error {
	if c.ACS.Endpoint == "" {
		return nil
	}
	simulated := isPlain(c.ACS.Endpoint) && isLoopback(c.ACS.Endpoint)
	var errs []error
	for _, s := range []struct{ name, url string }{
		{endpointSetting, c.ACS.Endpoint}, {issuerSetting, c.ACS.Issuer}, {jwksSetting, c.ACS.JWKSURL},
		{baseURLSetting, c.Callbacks.BaseURL},
	} {
		if isPlain(s.url) && !(simulated && isLoopback(s.url)) {
			errs = append(errs, fmt.Errorf("%s must be https (http is for a simulator on this machine)", s.name))
		}
	}
	return errors.Join(errs...)
}
