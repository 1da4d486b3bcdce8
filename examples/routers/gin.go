package main

import (
	"log"
	"net/http"

	"github.com/gin-gonic/gin"
)

// Gin returns the service under gin.
func Gin(errors *log.Logger) http.Handler {
	r := gin.New()
	// A *gin.Context is a context.Context. Without this setting, it does not answer with
	// what the request's ctx has: no deadline, no span, and no variables, wherever a
	// handler passes c on. (c.Request.Context() always has them.)
	r.ContextWithFallback = true
	r.Use(gin.RecoveryWithWriter(errors.Writer()), GinMiddleware(vars))
	r.GET("/hello/:name", func(c *gin.Context) { c.String(http.StatusOK, "%s", greeting(c.Param("name"))) })
	r.GET("/fail", func(*gin.Context) { fail() })
	r.GET("/later/:name", func(c *gin.Context) { c.String(http.StatusOK, "%s", later(c, c.Param("name"))) })
	r.GET("/chat", func(c *gin.Context) { chat(c.Writer, c.Request) })
	return r
}

// GinMiddleware turns middleware for net/http into gin's. The following handlers run
// inside of it, with the request that it passes on. If it passes on none, they don't
// run. It must pass on the ResponseWriter that it was given, as ctxhttp's does, because
// gin has its own.
func GinMiddleware(middleware func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request = r
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}
