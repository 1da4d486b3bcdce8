package main

import (
	"log"
	"net/http"

	"github.com/gin-gonic/gin"
)

// Gin returns the service under gin.
func Gin(errors *log.Logger) http.Handler {
	r := gin.New()
	// A *gin.Context is a context.Context. Without this it answers for nothing that the
	// request's ctx has: no deadline, no span, and none of the variables, wherever a
	// handler passes c on. (c.Request.Context() has them in any case.)
	r.ContextWithFallback = true
	r.Use(gin.RecoveryWithWriter(errors.Writer()), GinMiddleware(vars))
	r.GET("/hello/:name", func(c *gin.Context) { c.String(http.StatusOK, "%s", greeting(c.Param("name"))) })
	r.GET("/fail", func(*gin.Context) { fail() })
	r.GET("/later/:name", func(c *gin.Context) { c.String(http.StatusOK, "%s", later(c, c.Param("name"))) })
	r.GET("/chat", func(c *gin.Context) { chat(c.Writer, c.Request) })
	return r
}

// GinMiddleware returns middleware for net/http as gin's. The handlers that
// follow run inside of it, with the request that it passes on; if it passes on
// none, they don't run. It must pass on the ResponseWriter it is given, as
// ctxhttp's does, for gin has its own.
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
